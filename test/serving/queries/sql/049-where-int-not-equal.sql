-- where int not equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE riders <> 3

-- rows of all
-- [730,200269]
-- rows of newest
-- [439,123372]
