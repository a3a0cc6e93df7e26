-- where like unicode
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE note LIKE '%ü%'

-- rows of all
-- [86,23304]
-- rows of newest
-- [46,13106]
