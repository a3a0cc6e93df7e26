-- where like unicode
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE note LIKE '%ü%'

-- rows of all
-- [88,25130]
-- rows of newest
-- [57,16884]
