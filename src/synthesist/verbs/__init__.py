"""What a user says. `synthesist` itself names every verb, as in `synthesist.read`; `run` stands a floor above."""
