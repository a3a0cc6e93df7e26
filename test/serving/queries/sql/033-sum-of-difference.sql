-- sum of difference
-- engine: direct

SELECT sum(driver - riders) FROM trips

-- rows of all
-- [20031]
-- rows of newest
-- [12226]
