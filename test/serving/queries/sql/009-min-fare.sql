-- min fare
-- engine: direct

SELECT min(fare) FROM trips

-- rows of all
-- ["-1.25"]
-- rows of newest
-- ["-1.25"]
