-- sum driver
-- engine: direct

SELECT sum(driver) FROM trips

-- rows of all
-- [22752]
-- rows of newest
-- [13850]
