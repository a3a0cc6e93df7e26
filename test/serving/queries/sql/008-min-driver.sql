-- min driver
-- engine: direct

SELECT min(driver) FROM trips

-- rows of all
-- [0]
-- rows of newest
-- [0]
