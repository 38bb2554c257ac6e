"""What has to survive: submissions, jobs, results, deliveries and outgoing messages, in one database."""
