-- where like inside
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city LIKE '%i%'

-- rows of all
-- [557,154868]
-- rows of newest
-- [333,93378]
