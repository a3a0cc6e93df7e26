-- avg riders
-- engine: direct

SELECT avg(riders) FROM trips

-- rows of all
-- [2.9588888888888887]
-- rows of newest
-- [3.007380073800738]
