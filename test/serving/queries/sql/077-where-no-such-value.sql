-- where no such value
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE status = 'none such'

-- rows of all
-- [0,null]
-- rows of newest
-- [0,null]
