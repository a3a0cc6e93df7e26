-- where bare boolean
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE paid

-- rows of all
-- [559,151139]
-- rows of newest
-- [324,89870]
