-- avg fare
-- engine: direct

SELECT avg(fare) FROM trips

-- rows of all
-- [17.554222222222222]
-- rows of newest
-- [18.37343339587242]
