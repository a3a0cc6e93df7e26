-- where text equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Berlin'

-- rows of all
-- [85,24539]
-- rows of newest
-- [48,13910]
