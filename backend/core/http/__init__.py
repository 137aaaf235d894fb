"""What a slice's routes need of HTTP: policies, the caller, the unit of work, problems, versions."""
