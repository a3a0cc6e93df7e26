-- where decimal up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare <= 7.25

-- rows of all
-- [337,94465]
-- rows of newest
-- [187,52141]
