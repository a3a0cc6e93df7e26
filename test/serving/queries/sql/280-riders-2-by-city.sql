-- riders 2 by city
-- engine: direct
-- ordered

SELECT city, count(*), sum(fare), max(distance) FROM trips WHERE riders = 2 GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",23,"364.12",25.9928]
-- ["Berlin",20,"552.65",24.2144]
-- ["Kyiv",22,"303.71",28.6538]
-- ["Lima",25,"474.78",27.0939]
-- ["Oslo",24,"364.61",29.8437]
-- ["Paris",23,"494.1",28.1148]
-- ["Quito",22,"310.61",7.879]
-- ["São Paulo",19,"295.34",24.0006]
-- ["Zürich",14,"433.24",14.9846]
-- [null,9,"185.71",15.877]
-- rows of newest
-- ["Accra",16,"308.88",25.4203]
-- ["Berlin",11,"393.9",24.2144]
-- ["Kyiv",10,"108.56",13.5628]
-- ["Lima",18,"355.75",19.2154]
-- ["Oslo",15,"300.86",27.9466]
-- ["Paris",15,"299.2",25.7079]
-- ["Quito",13,"195.08",2.5]
-- ["São Paulo",9,"82.96",24.0006]
-- ["Zürich",8,"217.01",2.5]
-- [null,4,"40.51",15.877]
