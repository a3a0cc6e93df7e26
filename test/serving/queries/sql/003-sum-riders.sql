-- sum riders
-- engine: direct

SELECT sum(riders) FROM trips

-- rows of all
-- [2721]
-- rows of newest
-- [1624]
