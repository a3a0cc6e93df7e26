-- max riders
-- engine: direct

SELECT max(riders) FROM trips

-- rows of all
-- [5]
-- rows of newest
-- [5]
