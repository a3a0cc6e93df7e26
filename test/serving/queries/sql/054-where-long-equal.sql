-- where long equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE driver = 17

-- rows of all
-- [14,4049]
-- rows of newest
-- [7,2278]
