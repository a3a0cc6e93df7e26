-- avg riders
-- engine: direct

SELECT avg(riders) FROM trips

-- rows of all
-- [3.0233333333333334]
-- rows of newest
-- [3.0469043151969983]
