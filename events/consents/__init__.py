"""What several institutions settle about one event: answers, the director’s consent, what each may change."""
