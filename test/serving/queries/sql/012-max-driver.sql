-- max driver
-- engine: direct

SELECT max(driver) FROM trips

-- rows of all
-- [49]
-- rows of newest
-- [49]
