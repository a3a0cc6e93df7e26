-- cities ordered
-- engine: direct
-- ordered

SELECT * FROM cities ORDER BY city LIMIT 100

-- rows of all
-- ["Accra","Africa",2388000]
-- ["Berlin","Europe",3677472]
-- ["Kyiv","Europe",2952301]
-- ["Lima","America",10151200]
-- ["Nuuk","America",19905]
-- ["Oslo","Europe",717710]
-- ["Paris","Europe",2102650]
-- ["Quito","America",1763275]
-- ["São Paulo","America",11451245]
-- ["Zürich","Europe",443037]
-- rows of newest
-- ["Accra","Africa",2388000]
-- ["Berlin","Europe",3677472]
-- ["Kyiv","Europe",2952301]
-- ["Lima","America",10151200]
-- ["Nuuk","America",19905]
-- ["Oslo","Europe",717710]
-- ["Paris","Europe",2102650]
-- ["Quito","America",1763275]
-- ["São Paulo","America",11451245]
-- ["Zürich","Europe",443037]
