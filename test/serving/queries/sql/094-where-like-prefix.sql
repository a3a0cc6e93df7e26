-- where like prefix
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city LIKE 'B%'

-- rows of all
-- [85,24539]
-- rows of newest
-- [48,13910]
