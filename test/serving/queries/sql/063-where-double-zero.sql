-- where double zero
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance = 0

-- rows of all
-- [201,55791]
-- rows of newest
-- [122,36143]
