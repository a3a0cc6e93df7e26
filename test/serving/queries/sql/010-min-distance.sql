-- min distance
-- engine: direct

SELECT min(distance) FROM trips

-- rows of all
-- [0]
-- rows of newest
-- [0]
