-- bool min max
-- engine: direct

SELECT min(paid), max(paid) FROM trips

-- rows of all
-- [false,true]
-- rows of newest
-- [false,true]
