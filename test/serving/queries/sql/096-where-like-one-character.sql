-- where like one character
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city LIKE '_i%'

-- rows of all
-- [81,21333]
-- rows of newest
-- [52,14228]
