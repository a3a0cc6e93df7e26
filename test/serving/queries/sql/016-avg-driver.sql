-- avg driver
-- engine: direct

SELECT avg(driver) FROM trips

-- rows of all
-- [25.28]
-- rows of newest
-- [25.984990619136962]
