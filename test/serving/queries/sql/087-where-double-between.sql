-- where double between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE distance BETWEEN 1 AND 4.5

-- rows of all
-- [440,119934]
-- rows of newest
-- [260,71995]
