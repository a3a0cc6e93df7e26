-- where text equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city = 'Berlin'

-- rows of all
-- [90,25249]
-- rows of newest
-- [49,13216]
