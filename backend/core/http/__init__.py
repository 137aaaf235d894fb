"""What a slice's routes need of HTTP: policies, the unit of work, problems, versions."""
