-- where is null
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city IS NULL

-- rows of all
-- [48,11886]
-- rows of newest
-- [28,6733]
