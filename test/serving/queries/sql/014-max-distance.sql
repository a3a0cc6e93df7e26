-- max distance
-- engine: direct

SELECT max(distance) FROM trips

-- rows of all
-- [29.9428]
-- rows of newest
-- [29.9428]
