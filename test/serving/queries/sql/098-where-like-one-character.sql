-- where like one character
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city LIKE '_i%'

-- rows of all
-- [92,23712]
-- rows of newest
-- [61,15858]
