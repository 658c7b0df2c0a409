"""Pure rules of the capture: what is proposed, what holds it back, who clears that."""
