"""The web service: takes submissions by signed webhook, shows reports, and sends results to callbacks."""
