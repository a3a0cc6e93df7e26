-- avg fare
-- engine: direct

SELECT avg(fare) FROM trips

-- rows of all
-- [17.513455555555556]
-- rows of newest
-- [18.448450184501844]
