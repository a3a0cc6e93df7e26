-- where decimal up to
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE fare <= 7.25

-- rows of all
-- [333,93795]
-- rows of newest
-- [193,53506]
