-- where not like
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city NOT LIKE '%a%'

-- rows of all
-- [461,132494]
-- rows of newest
-- [273,81489]
