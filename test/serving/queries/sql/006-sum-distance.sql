-- sum distance
-- engine: direct

SELECT sum(distance) FROM trips

-- rows of all
-- [4097.8600000000015]
-- rows of newest
-- [2595.5400999999997]
