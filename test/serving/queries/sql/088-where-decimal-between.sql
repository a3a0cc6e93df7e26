-- where decimal between
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare BETWEEN 5 AND 10.5

-- rows of all
-- [337,93432]
-- rows of newest
-- [191,51886]
