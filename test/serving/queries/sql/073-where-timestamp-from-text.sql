-- where timestamp from text
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE started >= '2026-03-03'

-- rows of all
-- [437,121924]
-- rows of newest
-- [255,71359]
