-- where like inside
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city LIKE '%i%'

-- rows of all
-- [542,152207]
-- rows of newest
-- [329,95560]
