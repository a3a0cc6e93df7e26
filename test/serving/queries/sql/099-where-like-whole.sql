-- where like whole
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE status LIKE 'done'

-- rows of all
-- [439,122733]
-- rows of newest
-- [269,77194]
