"""The quarter-hour plan: problem, solver, setpoints with reasons; pure."""
