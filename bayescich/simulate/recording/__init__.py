"""How authorities record: habits, and faults one by one."""
