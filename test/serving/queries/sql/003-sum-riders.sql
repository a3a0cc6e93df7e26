-- sum riders
-- engine: direct

SELECT sum(riders) FROM trips

-- rows of all
-- [2663]
-- rows of newest
-- [1630]
