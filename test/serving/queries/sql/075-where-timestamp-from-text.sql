-- where timestamp from text
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE started >= '2026-03-03'

-- rows of all
-- [443,119954]
-- rows of newest
-- [267,72721]
