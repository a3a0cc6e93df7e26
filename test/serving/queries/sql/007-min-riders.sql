-- min riders
-- engine: direct

SELECT min(riders) FROM trips

-- rows of all
-- [1]
-- rows of newest
-- [1]
