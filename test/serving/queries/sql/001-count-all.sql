-- count all
-- engine: direct

SELECT count(*) FROM trips

-- rows of all
-- [900]
-- rows of newest
-- [533]
