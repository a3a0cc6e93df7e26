-- where key equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE trip = 123

-- rows of all
-- [1,123]
-- rows of newest
-- [1,123]
