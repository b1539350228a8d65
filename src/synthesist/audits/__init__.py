"""Audits of methods that promise privacy: what they asked, what it cost, what noise they got, what they give away."""
